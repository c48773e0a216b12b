# The error lies at: length(null)
param "pick" {
  value = "length-of-null"
}

test {
  rules = {
    main = false
  }
}

# The error lies at: length(12)
param "pick" {
  value = "length-of-int"
}

test {
  rules = {
    main = false
  }
}

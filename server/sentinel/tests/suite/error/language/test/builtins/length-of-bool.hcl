# The error lies at: length(true)
param "pick" {
  value = "length-of-bool"
}

test {
  rules = {
    main = false
  }
}

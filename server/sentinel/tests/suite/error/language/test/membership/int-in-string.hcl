# The error lies at: 1 in "a1"
param "pick" {
  value = "int-in-string"
}

test {
  rules = {
    main = false
  }
}

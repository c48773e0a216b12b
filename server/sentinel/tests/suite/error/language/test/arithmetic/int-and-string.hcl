# The error lies at: 1 + "a"
param "pick" {
  value = "int-and-string"
}

test {
  rules = {
    main = false
  }
}

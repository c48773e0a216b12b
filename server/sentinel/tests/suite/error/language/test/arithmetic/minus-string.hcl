# The error lies at: -"a"
param "pick" {
  value = "minus-string"
}

test {
  rules = {
    main = false
  }
}

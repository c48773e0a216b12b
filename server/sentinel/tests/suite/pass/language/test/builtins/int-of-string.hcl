param "pick" {
  value = "int-of-string"
}

test {
  rules = {
    kind  = "int"
    found = 42
  }
}

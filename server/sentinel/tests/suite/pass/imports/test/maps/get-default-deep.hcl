param "pick" {
  value = "get-default-deep"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

param "pick" {
  value = "get-deep"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

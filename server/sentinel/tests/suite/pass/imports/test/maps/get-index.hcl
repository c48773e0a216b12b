param "pick" {
  value = "get-index"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

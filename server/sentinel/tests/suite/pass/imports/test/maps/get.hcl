param "pick" {
  value = "get"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

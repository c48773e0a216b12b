param "pick" {
  value = "list-first"
}

test {
  rules = {
    kind  = "int"
    found = 5
  }
}

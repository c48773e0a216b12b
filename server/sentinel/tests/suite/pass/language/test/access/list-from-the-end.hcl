param "pick" {
  value = "list-from-the-end"
}

test {
  rules = {
    kind  = "int"
    found = 5
  }
}

param "pick" {
  value = "if-true"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

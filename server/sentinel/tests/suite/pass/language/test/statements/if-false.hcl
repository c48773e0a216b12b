param "pick" {
  value = "if-false"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

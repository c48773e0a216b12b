param "pick" {
  value = "if-makes-no-scope"
}

test {
  rules = {
    kind  = "int"
    found = 42
  }
}

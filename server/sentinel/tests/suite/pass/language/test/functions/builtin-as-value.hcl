param "pick" {
  value = "builtin-as-value"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

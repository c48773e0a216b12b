param "pick" {
  value = "decimal"
}

test {
  rules = {
    kind  = "int"
    found = 42
  }
}

param "pick" {
  value = "product"
}

test {
  rules = {
    kind  = "int"
    found = 42
  }
}

param "pick" {
  value = "nested"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

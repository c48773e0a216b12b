param "pick" {
  value = "int-of-float"
}

test {
  rules = {
    kind  = "int"
    found = 42
  }
}

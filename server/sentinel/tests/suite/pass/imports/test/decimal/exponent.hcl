param "pick" {
  value = "exponent"
}

test {
  rules = {
    kind  = "int"
    found = -2
  }
}

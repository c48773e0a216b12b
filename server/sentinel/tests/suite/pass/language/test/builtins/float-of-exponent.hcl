param "pick" {
  value = "float-of-exponent"
}

test {
  rules = {
    kind  = "float"
    found = 1000.0
  }
}

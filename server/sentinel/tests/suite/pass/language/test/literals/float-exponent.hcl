param "pick" {
  value = "float-exponent"
}

test {
  rules = {
    kind  = "float"
    found = 1000.0
  }
}

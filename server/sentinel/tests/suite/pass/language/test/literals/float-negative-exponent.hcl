param "pick" {
  value = "float-negative-exponent"
}

test {
  rules = {
    kind  = "float"
    found = 0.25
  }
}

param "pick" {
  value = "float-signed-exponent"
}

test {
  rules = {
    kind  = "float"
    found = 1.0
  }
}

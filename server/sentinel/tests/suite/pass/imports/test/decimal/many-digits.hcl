param "pick" {
  value = "many-digits"
}

test {
  rules = {
    kind  = "string"
    found = "1.2345678901234567890123456789012345678900"
  }
}

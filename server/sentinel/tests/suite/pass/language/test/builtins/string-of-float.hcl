param "pick" {
  value = "string-of-float"
}

test {
  rules = {
    kind  = "string"
    found = "1.500000"
  }
}

param "pick" {
  value = "string-of-whole-float"
}

test {
  rules = {
    kind  = "string"
    found = "2.000000"
  }
}

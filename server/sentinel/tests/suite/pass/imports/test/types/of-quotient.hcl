param "pick" {
  value = "of-quotient"
}

test {
  rules = {
    kind  = "string"
    found = "int"
  }
}

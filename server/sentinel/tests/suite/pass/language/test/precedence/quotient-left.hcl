param "pick" {
  value = "quotient-left"
}

test {
  rules = {
    kind  = "int"
    found = 10
  }
}

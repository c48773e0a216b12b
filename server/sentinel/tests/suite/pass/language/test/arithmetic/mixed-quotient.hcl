param "pick" {
  value = "mixed-quotient"
}

test {
  rules = {
    kind  = "float"
    found = 1.5
  }
}

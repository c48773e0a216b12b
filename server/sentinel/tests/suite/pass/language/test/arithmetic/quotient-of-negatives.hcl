param "pick" {
  value = "quotient-of-negatives"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

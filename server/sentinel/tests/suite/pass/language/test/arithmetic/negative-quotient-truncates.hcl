param "pick" {
  value = "negative-quotient-truncates"
}

test {
  rules = {
    kind  = "int"
    found = -1
  }
}

param "pick" {
  value = "quotient-truncates"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

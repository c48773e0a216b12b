param "pick" {
  value = "negate"
}

test {
  rules = {
    kind  = "int"
    found = -3
  }
}

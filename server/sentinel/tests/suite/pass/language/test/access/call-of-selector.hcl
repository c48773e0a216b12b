param "pick" {
  value = "call-of-selector"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

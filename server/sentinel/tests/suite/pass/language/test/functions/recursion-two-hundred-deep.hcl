param "pick" {
  value = "recursion-two-hundred-deep"
}

test {
  rules = {
    kind  = "int"
    found = 200
  }
}

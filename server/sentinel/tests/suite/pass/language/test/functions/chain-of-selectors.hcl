param "pick" {
  value = "chain-of-selectors"
}

test {
  rules = {
    kind  = "int"
    found = 5
  }
}

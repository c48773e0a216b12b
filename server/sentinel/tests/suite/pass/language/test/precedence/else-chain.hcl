param "pick" {
  value = "else-chain"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

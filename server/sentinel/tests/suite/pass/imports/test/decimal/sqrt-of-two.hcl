param "pick" {
  value = "sqrt-of-two"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

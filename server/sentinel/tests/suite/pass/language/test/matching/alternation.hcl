param "pick" {
  value = "alternation"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

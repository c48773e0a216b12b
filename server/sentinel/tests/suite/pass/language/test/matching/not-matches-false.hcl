param "pick" {
  value = "not-matches-false"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

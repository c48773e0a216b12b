param "pick" {
  value = "not-matches"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "else-right-of-matches"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

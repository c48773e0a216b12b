param "pick" {
  value = "matches-above-or"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

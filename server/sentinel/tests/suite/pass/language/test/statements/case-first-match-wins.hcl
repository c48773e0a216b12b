param "pick" {
  value = "case-first-match-wins"
}

test {
  rules = {
    kind  = "string"
    found = "a"
  }
}

param "pick" {
  value = "case-first-list-value"
}

test {
  rules = {
    kind  = "string"
    found = "a"
  }
}

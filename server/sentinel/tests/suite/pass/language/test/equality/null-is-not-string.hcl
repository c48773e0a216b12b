param "pick" {
  value = "null-is-not-string"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

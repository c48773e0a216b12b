param "pick" {
  value = "test-then-else"
}

test {
  rules = {
    kind  = "string"
    found = "none"
  }
}

param "pick" {
  value = "in-brackets"
}

test {
  rules = {
    kind  = "string"
    found = "ab"
  }
}

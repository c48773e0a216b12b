param "pick" {
  value = "one-name-is-the-value"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

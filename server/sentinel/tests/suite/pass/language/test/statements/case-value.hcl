param "pick" {
  value = "case-value"
}

test {
  rules = {
    kind  = "string"
    found = "b"
  }
}

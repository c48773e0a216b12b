param "pick" {
  value = "unknown-member"
}

test {
  rules = {
    kind  = "string"
    found = "none"
  }
}

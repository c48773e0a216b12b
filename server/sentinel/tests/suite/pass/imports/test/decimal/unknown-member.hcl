param "pick" {
  value = "unknown-member"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

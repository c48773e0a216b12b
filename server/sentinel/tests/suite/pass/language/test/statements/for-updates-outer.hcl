param "pick" {
  value = "for-updates-outer"
}

test {
  rules = {
    kind  = "string"
    found = "b"
  }
}

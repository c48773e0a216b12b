param "pick" {
  value = "string-of-hex"
}

test {
  rules = {
    kind  = "string"
    found = "15"
  }
}

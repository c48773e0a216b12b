param "pick" {
  value = "raw-string-keeps-backslash"
}

test {
  rules = {
    kind  = "string"
    found = "a\\nb"
  }
}

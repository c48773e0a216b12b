param "pick" {
  value = "string-of-string"
}

test {
  rules = {
    kind  = "string"
    found = "a"
  }
}

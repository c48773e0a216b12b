param "pick" {
  value = "marshal-string"
}

test {
  rules = {
    kind  = "string"
    found = "\"a\\\"b\""
  }
}

param "pick" {
  value = "string-join"
}

test {
  rules = {
    kind  = "string"
    found = "ab"
  }
}

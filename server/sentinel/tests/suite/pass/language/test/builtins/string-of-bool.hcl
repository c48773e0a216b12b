param "pick" {
  value = "string-of-bool"
}

test {
  rules = {
    kind  = "string"
    found = "true"
  }
}

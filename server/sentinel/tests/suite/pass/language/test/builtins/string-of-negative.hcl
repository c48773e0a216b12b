param "pick" {
  value = "string-of-negative"
}

test {
  rules = {
    kind  = "string"
    found = "-3"
  }
}

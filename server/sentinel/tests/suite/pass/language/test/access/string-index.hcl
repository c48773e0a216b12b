param "pick" {
  value = "string-index"
}

test {
  rules = {
    kind  = "string"
    found = "b"
  }
}

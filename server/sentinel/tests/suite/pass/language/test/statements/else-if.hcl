param "pick" {
  value = "else-if"
}

test {
  rules = {
    kind  = "string"
    found = "b"
  }
}

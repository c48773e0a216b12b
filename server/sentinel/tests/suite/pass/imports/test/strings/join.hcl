param "pick" {
  value = "join"
}

test {
  rules = {
    kind  = "string"
    found = "a-b"
  }
}

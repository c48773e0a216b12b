param "pick" {
  value = "trim-set"
}

test {
  rules = {
    kind  = "string"
    found = "a-b"
  }
}

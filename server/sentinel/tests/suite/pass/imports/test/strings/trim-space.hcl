param "pick" {
  value = "trim-space"
}

test {
  rules = {
    kind  = "string"
    found = "a b"
  }
}

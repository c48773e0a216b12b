param "pick" {
  value = "trim-prefix-once"
}

test {
  rules = {
    kind  = "string"
    found = "ab"
  }
}

param "pick" {
  value = "set-number-key"
}

test {
  rules = {
    kind  = "string"
    found = "a"
  }
}

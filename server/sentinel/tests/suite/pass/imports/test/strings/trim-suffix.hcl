param "pick" {
  value = "trim-suffix"
}

test {
  rules = {
    kind  = "string"
    found = "main"
  }
}

param "pick" {
  value = "decode"
}

test {
  rules = {
    kind  = "string"
    found = "foo"
  }
}

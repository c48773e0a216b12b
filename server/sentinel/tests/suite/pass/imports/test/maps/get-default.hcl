param "pick" {
  value = "get-default"
}

test {
  rules = {
    kind  = "string"
    found = "bar"
  }
}

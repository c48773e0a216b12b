param "pick" {
  value = "with-header"
}

test {
  rules = {
    kind  = "string"
    found = "1"
  }
}

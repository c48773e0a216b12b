param "pick" {
  value = "empty-string"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

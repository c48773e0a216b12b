param "pick" {
  value = "null-and-string"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

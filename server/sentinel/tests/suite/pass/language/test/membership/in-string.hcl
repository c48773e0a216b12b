param "pick" {
  value = "in-string"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

param "pick" {
  value = "valid-empty"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

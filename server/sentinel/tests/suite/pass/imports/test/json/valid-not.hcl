param "pick" {
  value = "valid-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

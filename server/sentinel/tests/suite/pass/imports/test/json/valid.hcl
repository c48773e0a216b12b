param "pick" {
  value = "valid"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "not-in"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

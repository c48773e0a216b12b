param "pick" {
  value = "not-in-false"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

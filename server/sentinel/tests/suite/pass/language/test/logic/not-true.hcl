param "pick" {
  value = "not-true"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

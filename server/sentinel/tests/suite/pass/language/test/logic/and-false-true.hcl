param "pick" {
  value = "and-false-true"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

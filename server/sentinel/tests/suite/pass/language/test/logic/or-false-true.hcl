param "pick" {
  value = "or-false-true"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

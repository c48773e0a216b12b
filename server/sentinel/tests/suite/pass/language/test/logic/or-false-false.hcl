param "pick" {
  value = "or-false-false"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

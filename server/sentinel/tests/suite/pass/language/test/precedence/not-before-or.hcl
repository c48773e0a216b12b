param "pick" {
  value = "not-before-or"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

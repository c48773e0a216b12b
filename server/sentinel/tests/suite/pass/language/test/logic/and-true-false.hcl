param "pick" {
  value = "and-true-false"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

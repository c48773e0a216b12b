param "pick" {
  value = "and-true-true"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "empty-pattern"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

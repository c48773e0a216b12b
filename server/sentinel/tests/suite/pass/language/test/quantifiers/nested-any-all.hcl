param "pick" {
  value = "nested-any-all"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

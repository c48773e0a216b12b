param "pick" {
  value = "any-list-false"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

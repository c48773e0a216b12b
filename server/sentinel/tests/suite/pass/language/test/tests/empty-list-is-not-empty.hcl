param "pick" {
  value = "empty-list-is-not-empty"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

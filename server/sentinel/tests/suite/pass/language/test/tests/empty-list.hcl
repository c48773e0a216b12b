param "pick" {
  value = "empty-list"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "any-list"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

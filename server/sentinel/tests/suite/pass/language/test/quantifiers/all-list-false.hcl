param "pick" {
  value = "all-list-false"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

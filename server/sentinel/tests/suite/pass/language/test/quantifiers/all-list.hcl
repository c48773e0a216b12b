param "pick" {
  value = "all-list"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

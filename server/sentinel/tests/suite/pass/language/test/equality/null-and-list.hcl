param "pick" {
  value = "null-and-list"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

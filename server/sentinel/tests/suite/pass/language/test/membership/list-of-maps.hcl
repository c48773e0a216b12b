param "pick" {
  value = "list-of-maps"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

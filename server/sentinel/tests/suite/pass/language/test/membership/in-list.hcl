param "pick" {
  value = "in-list"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

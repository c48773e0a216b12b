param "pick" {
  value = "in-list-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

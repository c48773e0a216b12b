param "pick" {
  value = "empty-list"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

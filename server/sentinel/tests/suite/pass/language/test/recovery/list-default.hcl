param "pick" {
  value = "list-default"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

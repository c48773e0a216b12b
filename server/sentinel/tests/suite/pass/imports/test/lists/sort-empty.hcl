param "pick" {
  value = "sort-empty"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

param "pick" {
  value = "filter-empty"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

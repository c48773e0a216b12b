param "pick" {
  value = "filter-list-none"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

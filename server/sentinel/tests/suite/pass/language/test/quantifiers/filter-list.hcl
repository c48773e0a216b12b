param "pick" {
  value = "filter-list"
}

test {
  rules = {
    kind  = "list"
    found = [2, 8]
  }
}

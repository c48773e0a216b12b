param "pick" {
  value = "filter-of-filter"
}

test {
  rules = {
    kind  = "list"
    found = [2, 3]
  }
}

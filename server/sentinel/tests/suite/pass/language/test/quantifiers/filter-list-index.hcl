param "pick" {
  value = "filter-list-index"
}

test {
  rules = {
    kind  = "list"
    found = ["a", "c"]
  }
}

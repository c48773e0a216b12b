param "pick" {
  value = "filter-none"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

param "pick" {
  value = "sort-down"
}

test {
  rules = {
    kind  = "list"
    found = [3, 2, 1]
  }
}

param "pick" {
  value = "sort"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2, 3]
  }
}

param "pick" {
  value = "sort-makes-a-new-list"
}

test {
  rules = {
    kind  = "list"
    found = [2, 1]
  }
}

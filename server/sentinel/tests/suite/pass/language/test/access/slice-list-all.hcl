param "pick" {
  value = "slice-list-all"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}

param "pick" {
  value = "slice-list"
}

test {
  rules = {
    kind  = "list"
    found = [2, 3, 4]
  }
}

param "pick" {
  value = "slice-list-from"
}

test {
  rules = {
    kind  = "list"
    found = [2]
  }
}

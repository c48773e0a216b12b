param "pick" {
  value = "trailing-comma-list"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}

param "pick" {
  value = "set-list-element"
}

test {
  rules = {
    kind  = "list"
    found = [1, 5]
  }
}

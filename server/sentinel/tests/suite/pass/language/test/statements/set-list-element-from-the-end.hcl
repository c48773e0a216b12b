param "pick" {
  value = "set-list-element-from-the-end"
}

test {
  rules = {
    kind  = "list"
    found = [1, 5]
  }
}

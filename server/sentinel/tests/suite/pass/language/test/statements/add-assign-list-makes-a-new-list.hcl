param "pick" {
  value = "add-assign-list-makes-a-new-list"
}

test {
  rules = {
    kind  = "list"
    found = [1]
  }
}

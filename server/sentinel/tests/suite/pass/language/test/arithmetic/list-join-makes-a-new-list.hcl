param "pick" {
  value = "list-join-makes-a-new-list"
}

test {
  rules = {
    kind  = "list"
    found = [1]
  }
}

param "pick" {
  value = "for-list-with-index"
}

test {
  rules = {
    kind  = "list"
    found = [[0, "a"], [1, "b"]]
  }
}

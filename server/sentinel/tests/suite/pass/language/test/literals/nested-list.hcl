param "pick" {
  value = "nested-list"
}

test {
  rules = {
    kind  = "list"
    found = [[1], ["a", [true]]]
  }
}

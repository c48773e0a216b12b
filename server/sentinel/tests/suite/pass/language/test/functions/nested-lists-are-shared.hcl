param "pick" {
  value = "nested-lists-are-shared"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}

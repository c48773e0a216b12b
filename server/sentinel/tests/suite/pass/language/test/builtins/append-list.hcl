param "pick" {
  value = "append-list"
}

test {
  rules = {
    kind  = "list"
    found = [[1]]
  }
}

param "pick" {
  value = "append-changes-the-list"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}

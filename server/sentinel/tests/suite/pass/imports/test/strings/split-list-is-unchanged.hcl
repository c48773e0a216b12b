param "pick" {
  value = "split-list-is-unchanged"
}

test {
  rules = {
    kind  = "list"
    found = ["a"]
  }
}

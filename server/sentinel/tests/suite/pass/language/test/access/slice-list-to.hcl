param "pick" {
  value = "slice-list-to"
}

test {
  rules = {
    kind  = "list"
    found = [1]
  }
}

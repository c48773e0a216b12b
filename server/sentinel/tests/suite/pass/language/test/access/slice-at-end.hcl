param "pick" {
  value = "slice-at-end"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

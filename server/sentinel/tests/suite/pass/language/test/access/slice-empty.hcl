param "pick" {
  value = "slice-empty"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

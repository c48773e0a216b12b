param "pick" {
  value = "slice-is-a-copy"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}

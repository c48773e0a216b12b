param "pick" {
  value = "arguments-left-to-right"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2, 3]
  }
}

param "pick" {
  value = "get-splat"
}

test {
  rules = {
    kind  = "list"
    found = [4, 8]
  }
}

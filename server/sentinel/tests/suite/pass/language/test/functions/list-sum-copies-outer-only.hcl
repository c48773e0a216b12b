param "pick" {
  value = "list-sum-copies-outer-only"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}

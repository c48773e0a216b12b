param "pick" {
  value = "values"
}

test {
  rules = {
    kind  = "list"
    found = [[1]]
  }
}

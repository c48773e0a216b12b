param "pick" {
  value = "values-empty"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

param "pick" {
  value = "filter"
}

test {
  rules = {
    kind  = "list"
    found = [2, 3]
  }
}

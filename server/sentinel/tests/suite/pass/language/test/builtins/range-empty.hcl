param "pick" {
  value = "range-empty"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

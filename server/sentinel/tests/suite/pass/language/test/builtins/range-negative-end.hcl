param "pick" {
  value = "range-negative-end"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

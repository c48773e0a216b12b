param "pick" {
  value = "range-start"
}

test {
  rules = {
    kind  = "list"
    found = [2, 3, 4]
  }
}

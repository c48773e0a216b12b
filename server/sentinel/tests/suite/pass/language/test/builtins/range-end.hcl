param "pick" {
  value = "range-end"
}

test {
  rules = {
    kind  = "list"
    found = [0, 1, 2, 3, 4]
  }
}

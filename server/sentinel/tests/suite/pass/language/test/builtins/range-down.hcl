param "pick" {
  value = "range-down"
}

test {
  rules = {
    kind  = "list"
    found = [0, -1, -2]
  }
}

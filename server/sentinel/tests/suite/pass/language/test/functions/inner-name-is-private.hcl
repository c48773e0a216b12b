param "pick" {
  value = "inner-name-is-private"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2, 1]
  }
}

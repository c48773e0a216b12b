param "pick" {
  value = "range-step"
}

test {
  rules = {
    kind  = "list"
    found = [1, 3]
  }
}

param "pick" {
  value = "range-zero"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

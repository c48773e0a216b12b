param "pick" {
  value = "range-wrong-direction"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

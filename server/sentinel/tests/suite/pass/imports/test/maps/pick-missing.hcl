param "pick" {
  value = "pick-missing"
}

test {
  rules = {
    kind  = "map"
    found = {}
  }
}

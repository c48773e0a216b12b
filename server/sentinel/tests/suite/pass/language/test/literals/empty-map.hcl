param "pick" {
  value = "empty-map"
}

test {
  rules = {
    kind  = "map"
    found = {}
  }
}

param "pick" {
  value = "map-empty"
}

test {
  rules = {
    kind  = "list"
    found = []
  }
}

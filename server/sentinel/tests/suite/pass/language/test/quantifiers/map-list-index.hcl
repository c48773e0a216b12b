param "pick" {
  value = "map-list-index"
}

test {
  rules = {
    kind  = "list"
    found = [0, 1]
  }
}

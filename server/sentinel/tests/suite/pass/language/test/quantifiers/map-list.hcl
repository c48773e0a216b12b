param "pick" {
  value = "map-list"
}

test {
  rules = {
    kind  = "list"
    found = [2, 4]
  }
}

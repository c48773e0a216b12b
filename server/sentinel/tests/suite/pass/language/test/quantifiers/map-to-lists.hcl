param "pick" {
  value = "map-to-lists"
}

test {
  rules = {
    kind  = "list"
    found = [[1], [2]]
  }
}

param "pick" {
  value = "map-map-keys"
}

test {
  rules = {
    kind  = "list"
    found = ["a"]
  }
}

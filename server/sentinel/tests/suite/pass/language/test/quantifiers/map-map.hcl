param "pick" {
  value = "map-map"
}

test {
  rules = {
    kind  = "list"
    found = ["foo", "bar"]
  }
}

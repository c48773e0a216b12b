param "pick" {
  value = "filter-map-empty"
}

test {
  rules = {
    kind  = "map"
    found = {}
  }
}

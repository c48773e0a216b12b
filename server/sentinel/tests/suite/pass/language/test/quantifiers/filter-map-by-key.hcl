param "pick" {
  value = "filter-map-by-key"
}

test {
  rules = {
    kind  = "map"
    found = {
      "b" = 2
    }
  }
}

param "pick" {
  value = "filter-map-keeps-keys"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = "x"
    }
  }
}

param "pick" {
  value = "of-filter-on-a-map"
}

test {
  rules = {
    kind  = "string"
    found = "map"
  }
}

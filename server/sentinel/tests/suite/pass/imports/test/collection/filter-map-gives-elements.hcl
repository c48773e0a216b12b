param "pick" {
  value = "filter-map-gives-elements"
}

test {
  rules = {
    kind  = "list"
    found = [2]
  }
}

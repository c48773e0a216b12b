param "pick" {
  value = "map-missing-selector"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

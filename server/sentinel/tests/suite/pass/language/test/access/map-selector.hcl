param "pick" {
  value = "map-selector"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

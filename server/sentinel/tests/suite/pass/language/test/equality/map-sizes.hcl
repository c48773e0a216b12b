param "pick" {
  value = "map-sizes"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

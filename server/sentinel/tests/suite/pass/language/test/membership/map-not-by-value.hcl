param "pick" {
  value = "map-not-by-value"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

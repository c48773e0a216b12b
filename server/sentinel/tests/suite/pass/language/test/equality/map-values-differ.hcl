param "pick" {
  value = "map-values-differ"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

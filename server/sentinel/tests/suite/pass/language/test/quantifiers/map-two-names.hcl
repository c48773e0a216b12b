param "pick" {
  value = "map-two-names"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

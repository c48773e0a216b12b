param "pick" {
  value = "map-number-key"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

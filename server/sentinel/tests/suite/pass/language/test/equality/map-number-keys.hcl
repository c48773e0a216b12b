param "pick" {
  value = "map-number-keys"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

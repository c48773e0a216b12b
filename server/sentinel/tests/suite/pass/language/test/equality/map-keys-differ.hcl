param "pick" {
  value = "map-keys-differ"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

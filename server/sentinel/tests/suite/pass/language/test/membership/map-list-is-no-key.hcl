param "pick" {
  value = "map-list-is-no-key"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

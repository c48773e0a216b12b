param "pick" {
  value = "map-is-not-empty"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

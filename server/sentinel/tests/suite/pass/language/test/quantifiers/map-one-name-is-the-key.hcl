param "pick" {
  value = "map-one-name-is-the-key"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "map-has-key"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "map-nested"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

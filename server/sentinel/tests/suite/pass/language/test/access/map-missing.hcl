param "pick" {
  value = "map-missing"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

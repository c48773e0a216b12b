param "pick" {
  value = "map-over-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

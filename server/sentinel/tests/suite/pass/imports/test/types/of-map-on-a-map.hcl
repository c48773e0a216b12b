param "pick" {
  value = "of-map-on-a-map"
}

test {
  rules = {
    kind  = "string"
    found = "list"
  }
}

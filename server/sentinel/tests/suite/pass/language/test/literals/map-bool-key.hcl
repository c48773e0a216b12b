param "pick" {
  value = "map-bool-key"
}

test {
  rules = {
    kind  = "string"
    found = "yes"
  }
}

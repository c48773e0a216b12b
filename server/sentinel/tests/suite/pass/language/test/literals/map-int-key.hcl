param "pick" {
  value = "map-int-key"
}

test {
  rules = {
    kind  = "string"
    found = "a"
  }
}

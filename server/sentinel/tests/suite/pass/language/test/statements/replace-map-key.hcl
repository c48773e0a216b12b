param "pick" {
  value = "replace-map-key"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = 2
    }
  }
}

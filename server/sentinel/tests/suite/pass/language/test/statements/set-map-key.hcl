param "pick" {
  value = "set-map-key"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = 1
    }
  }
}

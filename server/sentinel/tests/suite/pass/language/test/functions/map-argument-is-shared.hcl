param "pick" {
  value = "map-argument-is-shared"
}

test {
  rules = {
    kind  = "map"
    found = {
      "k" = 1
    }
  }
}

param "pick" {
  value = "map-key-expression"
}

test {
  rules = {
    kind  = "map"
    found = {
      "ab" = 2
    }
  }
}

param "pick" {
  value = "map-repeated-key-keeps-the-last"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = 2
    }
  }
}

param "pick" {
  value = "trailing-comma-map"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = 1
    }
  }
}

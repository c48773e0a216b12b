param "pick" {
  value = "pick-deep"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = {
        "x" = 1
      }
    }
  }
}

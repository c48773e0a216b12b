param "pick" {
  value = "omit-deep"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = {
        "b" = 1
      }
    }
  }
}

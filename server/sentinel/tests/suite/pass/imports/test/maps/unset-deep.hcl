param "pick" {
  value = "unset-deep"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = {
        "c" = 2
      }
    }
  }
}

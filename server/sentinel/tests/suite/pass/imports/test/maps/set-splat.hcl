param "pick" {
  value = "set-splat"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = [{
        "x" = 9
      }, {
        "x" = 9
      }]
    }
  }
}

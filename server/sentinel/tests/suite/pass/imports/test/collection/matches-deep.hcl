param "pick" {
  value = "matches-deep"
}

test {
  rules = {
    kind  = "list"
    found = [{
      "a" = {
        "x" = 1
        "y" = 2
      }
    }]
  }
}

param "pick" {
  value = "pick-index"
}

test {
  rules = {
    kind  = "map"
    found = {
      "baz" = [{
        "qux" = 10
      }]
    }
  }
}

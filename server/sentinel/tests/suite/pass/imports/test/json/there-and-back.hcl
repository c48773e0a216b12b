param "pick" {
  value = "there-and-back"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = [1, {
        "b" = null
      }]
    }
  }
}

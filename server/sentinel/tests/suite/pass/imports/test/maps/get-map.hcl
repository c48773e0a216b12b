param "pick" {
  value = "get-map"
}

test {
  rules = {
    kind  = "map"
    found = {
      "b" = 1
    }
  }
}

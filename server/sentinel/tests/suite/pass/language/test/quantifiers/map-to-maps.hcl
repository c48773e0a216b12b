param "pick" {
  value = "map-to-maps"
}

test {
  rules = {
    kind  = "list"
    found = [{
      "k" = 1
    }]
  }
}

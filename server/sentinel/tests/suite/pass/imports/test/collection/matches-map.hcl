param "pick" {
  value = "matches-map"
}

test {
  rules = {
    kind  = "list"
    found = [{
      "a" = 1
    }]
  }
}

param "pick" {
  value = "unmarshal-nested"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = [{
        "b" = {}
      }]
    }
  }
}

param "pick" {
  value = "map-undefined-key"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

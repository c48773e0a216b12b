param "pick" {
  value = "map-missing-chain"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

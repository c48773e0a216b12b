param "pick" {
  value = "map-null-value-chain"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

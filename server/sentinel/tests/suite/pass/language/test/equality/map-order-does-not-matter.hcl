param "pick" {
  value = "map-order-does-not-matter"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "map-null-value"
}

test {
  rules = {
    kind  = "null"
    found = null
  }
}

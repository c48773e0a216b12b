param "pick" {
  value = "map-index"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

param "pick" {
  value = "null-and-map"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

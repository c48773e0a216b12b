param "pick" {
  value = "empty-map"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "all-empty-map"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

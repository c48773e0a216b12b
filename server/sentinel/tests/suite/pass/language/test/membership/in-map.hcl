param "pick" {
  value = "in-map"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

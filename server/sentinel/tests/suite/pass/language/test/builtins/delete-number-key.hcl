param "pick" {
  value = "delete-number-key"
}

test {
  rules = {
    kind  = "map"
    found = {}
  }
}

param "pick" {
  value = "list-and-map"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

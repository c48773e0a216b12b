param "pick" {
  value = "for-map-two-names"
}

test {
  rules = {
    kind  = "list"
    found = [["a", 1]]
  }
}

param "pick" {
  value = "for-map-one-name-is-the-key"
}

test {
  rules = {
    kind  = "list"
    found = ["a"]
  }
}

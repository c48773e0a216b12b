param "pick" {
  value = "reject-map"
}

test {
  rules = {
    kind  = "list"
    found = [1]
  }
}

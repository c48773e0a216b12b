param "pick" {
  value = "get-missing-deep"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

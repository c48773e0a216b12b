param "pick" {
  value = "get-missing"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

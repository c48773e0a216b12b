param "pick" {
  value = "missing-key"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

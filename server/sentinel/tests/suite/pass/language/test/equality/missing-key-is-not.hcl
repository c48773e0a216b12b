param "pick" {
  value = "missing-key-is-not"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

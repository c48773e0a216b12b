param "pick" {
  value = "not-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

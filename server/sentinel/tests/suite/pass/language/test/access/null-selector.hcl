param "pick" {
  value = "null-selector"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

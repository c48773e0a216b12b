param "pick" {
  value = "string-of-map"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

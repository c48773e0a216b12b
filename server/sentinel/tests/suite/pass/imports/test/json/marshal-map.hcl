param "pick" {
  value = "marshal-map"
}

test {
  rules = {
    kind  = "string"
    found = "{\"a\":1}"
  }
}

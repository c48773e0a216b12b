param "pick" {
  value = "marshal-drops-undefined"
}

test {
  rules = {
    kind  = "string"
    found = "{\"b\":2}"
  }
}

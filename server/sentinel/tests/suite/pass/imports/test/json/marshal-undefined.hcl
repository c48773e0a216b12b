param "pick" {
  value = "marshal-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

param "pick" {
  value = "string-of-undefined"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

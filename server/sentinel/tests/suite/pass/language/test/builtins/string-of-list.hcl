param "pick" {
  value = "string-of-list"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

param "pick" {
  value = "string-of-null"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

param "pick" {
  value = "string-and-int"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

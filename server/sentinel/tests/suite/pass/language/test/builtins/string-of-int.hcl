param "pick" {
  value = "string-of-int"
}

test {
  rules = {
    kind  = "string"
    found = "15"
  }
}

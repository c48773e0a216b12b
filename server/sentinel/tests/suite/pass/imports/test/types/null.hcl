param "pick" {
  value = "null"
}

test {
  rules = {
    kind  = "string"
    found = "null"
  }
}

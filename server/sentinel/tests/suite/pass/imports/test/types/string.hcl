param "pick" {
  value = "string"
}

test {
  rules = {
    kind  = "string"
    found = "string"
  }
}

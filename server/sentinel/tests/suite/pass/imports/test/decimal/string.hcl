param "pick" {
  value = "string"
}

test {
  rules = {
    kind  = "string"
    found = "10.25"
  }
}

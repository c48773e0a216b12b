param "pick" {
  value = "to-upper"
}

test {
  rules = {
    kind  = "string"
    found = "ABÉ"
  }
}

param "pick" {
  value = "to-lower"
}

test {
  rules = {
    kind  = "string"
    found = "abé"
  }
}

param "pick" {
  value = "float"
}

test {
  rules = {
    kind  = "string"
    found = "float"
  }
}

param "pick" {
  value = "bool"
}

test {
  rules = {
    kind  = "string"
    found = "bool"
  }
}

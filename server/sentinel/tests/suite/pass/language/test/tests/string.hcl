param "pick" {
  value = "string"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

param "pick" {
  value = "list-and-string"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

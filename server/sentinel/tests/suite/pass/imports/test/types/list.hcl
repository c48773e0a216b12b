param "pick" {
  value = "list"
}

test {
  rules = {
    kind  = "string"
    found = "list"
  }
}

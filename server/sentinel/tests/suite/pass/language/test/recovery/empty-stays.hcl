param "pick" {
  value = "empty-stays"
}

test {
  rules = {
    kind  = "string"
    found = ""
  }
}

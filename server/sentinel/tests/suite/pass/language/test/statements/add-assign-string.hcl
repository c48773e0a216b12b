param "pick" {
  value = "add-assign-string"
}

test {
  rules = {
    kind  = "string"
    found = "ab"
  }
}

param "pick" {
  value = "replace-all"
}

test {
  rules = {
    kind  = "string"
    found = "barbar"
  }
}

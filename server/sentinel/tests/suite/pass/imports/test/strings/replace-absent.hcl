param "pick" {
  value = "replace-absent"
}

test {
  rules = {
    kind  = "string"
    found = "abc"
  }
}

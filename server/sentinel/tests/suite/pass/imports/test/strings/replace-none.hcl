param "pick" {
  value = "replace-none"
}

test {
  rules = {
    kind  = "string"
    found = "foo"
  }
}

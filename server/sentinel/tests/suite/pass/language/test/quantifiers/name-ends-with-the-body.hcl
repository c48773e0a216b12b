param "pick" {
  value = "name-ends-with-the-body"
}

test {
  rules = {
    kind  = "string"
    found = "out"
  }
}

param "pick" {
  value = "join-flattens"
}

test {
  rules = {
    kind  = "string"
    found = "foo.bar.baz"
  }
}

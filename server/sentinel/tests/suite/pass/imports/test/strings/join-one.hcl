param "pick" {
  value = "join-one"
}

test {
  rules = {
    kind  = "string"
    found = "a"
  }
}

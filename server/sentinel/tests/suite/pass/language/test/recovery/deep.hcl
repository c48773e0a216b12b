param "pick" {
  value = "deep"
}

test {
  rules = {
    kind  = "string"
    found = "none"
  }
}

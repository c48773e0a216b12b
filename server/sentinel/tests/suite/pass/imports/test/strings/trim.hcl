param "pick" {
  value = "trim"
}

test {
  rules = {
    kind  = "string"
    found = "hi"
  }
}

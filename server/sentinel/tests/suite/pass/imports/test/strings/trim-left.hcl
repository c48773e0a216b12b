param "pick" {
  value = "trim-left"
}

test {
  rules = {
    kind  = "string"
    found = "hixx"
  }
}

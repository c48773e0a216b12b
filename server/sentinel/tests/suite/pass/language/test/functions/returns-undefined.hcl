param "pick" {
  value = "returns-undefined"
}

test {
  rules = {
    kind  = "string"
    found = "none"
  }
}

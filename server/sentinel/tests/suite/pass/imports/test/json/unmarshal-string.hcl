param "pick" {
  value = "unmarshal-string"
}

test {
  rules = {
    kind  = "string"
    found = "é"
  }
}

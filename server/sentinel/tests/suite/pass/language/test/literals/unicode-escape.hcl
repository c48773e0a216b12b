param "pick" {
  value = "unicode-escape"
}

test {
  rules = {
    kind  = "string"
    found = "é"
  }
}

param "pick" {
  value = "unicode-text"
}

test {
  rules = {
    kind  = "string"
    found = "日本"
  }
}

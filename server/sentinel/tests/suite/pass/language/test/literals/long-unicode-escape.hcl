param "pick" {
  value = "long-unicode-escape"
}

test {
  rules = {
    kind  = "string"
    found = "😀"
  }
}

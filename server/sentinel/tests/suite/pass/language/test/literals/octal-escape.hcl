param "pick" {
  value = "octal-escape"
}

test {
  rules = {
    kind  = "string"
    found = "A0"
  }
}

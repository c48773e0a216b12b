param "pick" {
  value = "empty-string-join"
}

test {
  rules = {
    kind  = "string"
    found = ""
  }
}

param "pick" {
  value = "url"
}

test {
  rules = {
    kind  = "string"
    found = "https://a.example/x"
  }
}

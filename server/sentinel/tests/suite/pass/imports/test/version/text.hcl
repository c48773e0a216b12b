param "pick" {
  value = "text"
}

test {
  rules = {
    kind  = "string"
    found = "1.2.3"
  }
}

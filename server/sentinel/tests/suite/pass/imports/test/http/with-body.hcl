param "pick" {
  value = "with-body"
}

test {
  rules = {
    kind  = "string"
    found = "text"
  }
}

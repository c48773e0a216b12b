param "pick" {
  value = "string-has"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "string-prefix"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

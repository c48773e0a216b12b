param "pick" {
  value = "string-is-not-int"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

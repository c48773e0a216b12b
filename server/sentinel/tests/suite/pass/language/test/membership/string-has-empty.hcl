param "pick" {
  value = "string-has-empty"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

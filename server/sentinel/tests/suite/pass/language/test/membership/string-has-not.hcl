param "pick" {
  value = "string-has-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

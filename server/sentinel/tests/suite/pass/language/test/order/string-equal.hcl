param "pick" {
  value = "string-equal"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "string-case"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

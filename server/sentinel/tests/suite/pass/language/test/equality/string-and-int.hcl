param "pick" {
  value = "string-and-int"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

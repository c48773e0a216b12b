param "pick" {
  value = "call-of-index"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

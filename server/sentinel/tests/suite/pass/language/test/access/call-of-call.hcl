param "pick" {
  value = "call-of-call"
}

test {
  rules = {
    kind  = "int"
    found = 8
  }
}

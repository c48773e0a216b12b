param "pick" {
  value = "case-without-match"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

param "pick" {
  value = "case-makes-no-scope"
}

test {
  rules = {
    kind  = "int"
    found = 7
  }
}

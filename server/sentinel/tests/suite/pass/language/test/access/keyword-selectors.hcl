param "pick" {
  value = "keyword-selectors"
}

test {
  rules = {
    kind  = "int"
    found = 7
  }
}

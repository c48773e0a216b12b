param "pick" {
  value = "keyword-selector"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

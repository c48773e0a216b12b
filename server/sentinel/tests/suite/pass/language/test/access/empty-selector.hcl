param "pick" {
  value = "empty-selector"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

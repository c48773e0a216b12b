param "pick" {
  value = "minus-before-else"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

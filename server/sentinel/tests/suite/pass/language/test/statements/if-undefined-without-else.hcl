param "pick" {
  value = "if-undefined-without-else"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

param "pick" {
  value = "sum-before-else"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

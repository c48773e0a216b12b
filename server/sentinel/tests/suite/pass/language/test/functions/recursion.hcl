param "pick" {
  value = "recursion"
}

test {
  rules = {
    kind  = "int"
    found = 3628800
  }
}

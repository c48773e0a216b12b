param "pick" {
  value = "zero"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

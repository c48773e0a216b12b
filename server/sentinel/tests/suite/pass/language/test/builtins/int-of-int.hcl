param "pick" {
  value = "int-of-int"
}

test {
  rules = {
    kind  = "int"
    found = 42
  }
}

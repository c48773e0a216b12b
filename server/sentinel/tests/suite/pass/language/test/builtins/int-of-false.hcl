param "pick" {
  value = "int-of-false"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

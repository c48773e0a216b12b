param "pick" {
  value = "int-of-true"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

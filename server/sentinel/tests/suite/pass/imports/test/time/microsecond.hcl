param "pick" {
  value = "microsecond"
}

test {
  rules = {
    kind  = "int"
    found = 1000
  }
}

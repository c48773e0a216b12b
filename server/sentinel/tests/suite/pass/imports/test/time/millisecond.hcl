param "pick" {
  value = "millisecond"
}

test {
  rules = {
    kind  = "int"
    found = 1000000
  }
}

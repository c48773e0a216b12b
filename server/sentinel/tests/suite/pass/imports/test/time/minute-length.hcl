param "pick" {
  value = "minute-length"
}

test {
  rules = {
    kind  = "int"
    found = 60000000000
  }
}

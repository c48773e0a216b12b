param "pick" {
  value = "second-length"
}

test {
  rules = {
    kind  = "int"
    found = 1000000000
  }
}

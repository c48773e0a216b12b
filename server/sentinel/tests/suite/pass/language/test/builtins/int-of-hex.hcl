param "pick" {
  value = "int-of-hex"
}

test {
  rules = {
    kind  = "int"
    found = 31
  }
}

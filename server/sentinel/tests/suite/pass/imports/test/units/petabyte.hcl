param "pick" {
  value = "petabyte"
}

test {
  rules = {
    kind  = "int"
    found = 1125899906842624
  }
}

param "pick" {
  value = "int-of-octal"
}

test {
  rules = {
    kind  = "int"
    found = 384
  }
}

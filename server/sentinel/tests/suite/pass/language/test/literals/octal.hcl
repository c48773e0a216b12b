param "pick" {
  value = "octal"
}

test {
  rules = {
    kind  = "int"
    found = 384
  }
}

param "pick" {
  value = "byte-escape-is-one-byte"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

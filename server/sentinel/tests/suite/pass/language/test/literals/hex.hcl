param "pick" {
  value = "hex"
}

test {
  rules = {
    kind  = "int"
    found = 255
  }
}

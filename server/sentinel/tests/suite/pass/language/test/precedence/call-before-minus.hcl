param "pick" {
  value = "call-before-minus"
}

test {
  rules = {
    kind  = "int"
    found = -3
  }
}

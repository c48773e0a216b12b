param "pick" {
  value = "minus-minus"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

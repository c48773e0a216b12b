param "pick" {
  value = "largest"
}

test {
  rules = {
    kind  = "int"
    found = 9223372036854775807
  }
}

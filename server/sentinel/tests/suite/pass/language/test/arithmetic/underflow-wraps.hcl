param "pick" {
  value = "underflow-wraps"
}

test {
  rules = {
    kind  = "int"
    found = 9223372036854775807
  }
}

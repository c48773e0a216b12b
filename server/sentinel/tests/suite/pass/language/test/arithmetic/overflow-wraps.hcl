param "pick" {
  value = "overflow-wraps"
}

test {
  rules = {
    kind  = "int"
    found = -9223372036854775808
  }
}

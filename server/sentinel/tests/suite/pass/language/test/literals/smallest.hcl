param "pick" {
  value = "smallest"
}

test {
  rules = {
    kind  = "int"
    found = -9223372036854775808
  }
}

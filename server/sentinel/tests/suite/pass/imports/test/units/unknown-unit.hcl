param "pick" {
  value = "unknown-unit"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

param "pick" {
  value = "missing-key"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

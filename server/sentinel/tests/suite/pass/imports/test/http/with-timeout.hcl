param "pick" {
  value = "with-timeout"
}

test {
  rules = {
    kind  = "int"
    found = 5
  }
}

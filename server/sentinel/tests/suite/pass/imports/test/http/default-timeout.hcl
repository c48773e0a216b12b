param "pick" {
  value = "default-timeout"
}

test {
  rules = {
    kind  = "int"
    found = 10
  }
}

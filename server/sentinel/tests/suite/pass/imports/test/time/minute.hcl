param "pick" {
  value = "minute"
}

test {
  rules = {
    kind  = "int"
    found = 20
  }
}

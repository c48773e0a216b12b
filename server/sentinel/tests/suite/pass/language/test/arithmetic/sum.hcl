param "pick" {
  value = "sum"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

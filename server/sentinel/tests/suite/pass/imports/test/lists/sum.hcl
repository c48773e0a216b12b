param "pick" {
  value = "sum"
}

test {
  rules = {
    kind  = "float"
    found = 517.0
  }
}

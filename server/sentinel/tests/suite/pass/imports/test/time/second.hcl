param "pick" {
  value = "second"
}

test {
  rules = {
    kind  = "int"
    found = 30
  }
}

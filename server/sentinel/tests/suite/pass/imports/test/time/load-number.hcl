param "pick" {
  value = "load-number"
}

test {
  rules = {
    kind  = "int"
    found = 2019
  }
}

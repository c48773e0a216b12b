param "pick" {
  value = "divide"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

param "pick" {
  value = "if-undefined-takes-else"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

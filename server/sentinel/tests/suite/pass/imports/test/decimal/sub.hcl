param "pick" {
  value = "sub"
}

test {
  rules = {
    kind  = "int"
    found = -2
  }
}

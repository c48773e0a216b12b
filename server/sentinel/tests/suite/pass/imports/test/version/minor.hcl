param "pick" {
  value = "minor"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

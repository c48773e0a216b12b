param "pick" {
  value = "continued-by-operator"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

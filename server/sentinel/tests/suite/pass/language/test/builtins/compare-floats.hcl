param "pick" {
  value = "compare-floats"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

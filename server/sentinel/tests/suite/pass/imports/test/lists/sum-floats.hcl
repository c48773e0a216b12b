param "pick" {
  value = "sum-floats"
}

test {
  rules = {
    kind  = "float"
    found = 1.5
  }
}

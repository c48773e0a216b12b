param "pick" {
  value = "compare-greater"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

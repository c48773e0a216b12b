param "pick" {
  value = "compare"
}

test {
  rules = {
    kind  = "int"
    found = -1
  }
}

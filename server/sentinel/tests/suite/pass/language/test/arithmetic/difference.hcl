param "pick" {
  value = "difference"
}

test {
  rules = {
    kind  = "int"
    found = -1
  }
}

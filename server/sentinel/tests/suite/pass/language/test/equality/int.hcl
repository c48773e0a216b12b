param "pick" {
  value = "int"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

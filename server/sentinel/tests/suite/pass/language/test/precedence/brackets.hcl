param "pick" {
  value = "brackets"
}

test {
  rules = {
    kind  = "int"
    found = 18
  }
}

param "pick" {
  value = "exp"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

param "pick" {
  value = "find"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

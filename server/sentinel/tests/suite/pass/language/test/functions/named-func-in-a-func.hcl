param "pick" {
  value = "named-func-in-a-func"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

param "pick" {
  value = "function-as-argument"
}

test {
  rules = {
    kind  = "int"
    found = 18
  }
}

param "pick" {
  value = "function-in-a-map"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

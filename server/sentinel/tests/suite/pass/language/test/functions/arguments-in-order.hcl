param "pick" {
  value = "arguments-in-order"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

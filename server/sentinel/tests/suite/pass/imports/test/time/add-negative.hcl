param "pick" {
  value = "add-negative"
}

test {
  rules = {
    kind  = "int"
    found = 9
  }
}

param "pick" {
  value = "else-below-sum"
}

test {
  rules = {
    kind  = "int"
    found = 7
  }
}

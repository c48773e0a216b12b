param "pick" {
  value = "remainder-by-negative"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

param "pick" {
  value = "month"
}

test {
  rules = {
    kind  = "int"
    found = 11
  }
}

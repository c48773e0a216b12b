param "pick" {
  value = "day"
}

test {
  rules = {
    kind  = "int"
    found = 16
  }
}

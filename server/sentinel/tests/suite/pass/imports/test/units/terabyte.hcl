param "pick" {
  value = "terabyte"
}

test {
  rules = {
    kind  = "int"
    found = 1099511627776
  }
}

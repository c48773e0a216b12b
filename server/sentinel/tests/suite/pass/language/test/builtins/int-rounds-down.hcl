param "pick" {
  value = "int-rounds-down"
}

test {
  rules = {
    kind  = "int"
    found = -2
  }
}

param "pick" {
  value = "floor-negative"
}

test {
  rules = {
    kind  = "int"
    found = -2
  }
}

param "pick" {
  value = "mul"
}

test {
  rules = {
    kind  = "int"
    found = -6
  }
}

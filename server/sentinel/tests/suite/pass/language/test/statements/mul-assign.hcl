param "pick" {
  value = "mul-assign"
}

test {
  rules = {
    kind  = "int"
    found = 6
  }
}

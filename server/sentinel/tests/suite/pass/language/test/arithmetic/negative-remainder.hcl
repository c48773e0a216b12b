param "pick" {
  value = "negative-remainder"
}

test {
  rules = {
    kind  = "int"
    found = -2
  }
}

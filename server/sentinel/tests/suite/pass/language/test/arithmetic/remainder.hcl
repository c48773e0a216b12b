param "pick" {
  value = "remainder"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

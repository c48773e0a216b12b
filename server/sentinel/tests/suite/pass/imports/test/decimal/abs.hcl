param "pick" {
  value = "abs"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

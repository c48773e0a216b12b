param "pick" {
  value = "plus-sign"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

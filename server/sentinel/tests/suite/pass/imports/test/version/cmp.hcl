param "pick" {
  value = "cmp"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

param "pick" {
  value = "sub-assign"
}

test {
  rules = {
    kind  = "int"
    found = -1
  }
}

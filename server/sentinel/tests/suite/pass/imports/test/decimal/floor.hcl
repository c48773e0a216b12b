param "pick" {
  value = "floor"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

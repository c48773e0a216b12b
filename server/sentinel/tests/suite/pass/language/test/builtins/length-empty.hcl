param "pick" {
  value = "length-empty"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

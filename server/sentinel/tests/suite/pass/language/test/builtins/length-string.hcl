param "pick" {
  value = "length-string"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

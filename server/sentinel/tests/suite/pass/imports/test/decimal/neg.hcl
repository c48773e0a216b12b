param "pick" {
  value = "neg"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

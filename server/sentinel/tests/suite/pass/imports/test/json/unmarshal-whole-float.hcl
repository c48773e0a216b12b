param "pick" {
  value = "unmarshal-whole-float"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

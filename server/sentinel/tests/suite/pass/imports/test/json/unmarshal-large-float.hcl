param "pick" {
  value = "unmarshal-large-float"
}

test {
  rules = {
    kind  = "int"
    found = 1000
  }
}

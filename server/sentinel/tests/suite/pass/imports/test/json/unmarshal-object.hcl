param "pick" {
  value = "unmarshal-object"
}

test {
  rules = {
    kind  = "int"
    found = 42
  }
}

param "pick" {
  value = "int"
}

test {
  rules = {
    kind  = "string"
    found = "int"
  }
}

param "pick" {
  value = "add"
}

test {
  rules = {
    kind  = "int"
    found = 3600
  }
}

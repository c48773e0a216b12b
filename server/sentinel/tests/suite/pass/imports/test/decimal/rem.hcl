param "pick" {
  value = "rem"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

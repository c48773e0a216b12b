param "pick" {
  value = "parameter-shadows-builtin"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

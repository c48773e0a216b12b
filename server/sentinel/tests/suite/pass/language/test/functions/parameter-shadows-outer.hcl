param "pick" {
  value = "parameter-shadows-outer"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

param "pick" {
  value = "ceil-negative"
}

test {
  rules = {
    kind  = "int"
    found = -1
  }
}

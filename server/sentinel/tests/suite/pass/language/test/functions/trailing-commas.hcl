param "pick" {
  value = "trailing-commas"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

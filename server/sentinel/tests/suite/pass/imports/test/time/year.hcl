param "pick" {
  value = "year"
}

test {
  rules = {
    kind  = "int"
    found = 2019
  }
}

param "pick" {
  value = "length-of-filter"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

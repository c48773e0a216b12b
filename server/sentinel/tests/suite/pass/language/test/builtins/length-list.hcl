param "pick" {
  value = "length-list"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

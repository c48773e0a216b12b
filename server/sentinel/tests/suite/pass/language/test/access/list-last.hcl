param "pick" {
  value = "list-last"
}

test {
  rules = {
    kind  = "int"
    found = 6
  }
}

param "pick" {
  value = "megabyte"
}

test {
  rules = {
    kind  = "int"
    found = 1048576
  }
}

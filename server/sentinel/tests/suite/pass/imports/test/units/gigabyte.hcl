param "pick" {
  value = "gigabyte"
}

test {
  rules = {
    kind  = "int"
    found = 1073741824
  }
}

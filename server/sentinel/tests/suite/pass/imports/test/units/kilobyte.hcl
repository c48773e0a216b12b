param "pick" {
  value = "kilobyte"
}

test {
  rules = {
    kind  = "int"
    found = 1024
  }
}

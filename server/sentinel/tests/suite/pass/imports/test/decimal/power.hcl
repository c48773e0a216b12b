param "pick" {
  value = "power"
}

test {
  rules = {
    kind  = "int"
    found = 1024
  }
}

param "pick" {
  value = "hour-length"
}

test {
  rules = {
    kind  = "int"
    found = 3600000000000
  }
}

param "pick" {
  value = "hour-is-local"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

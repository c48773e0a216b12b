param "pick" {
  value = "nanosecond"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

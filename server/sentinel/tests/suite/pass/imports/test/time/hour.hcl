param "pick" {
  value = "hour"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

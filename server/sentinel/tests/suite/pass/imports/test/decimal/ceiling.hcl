param "pick" {
  value = "ceiling"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

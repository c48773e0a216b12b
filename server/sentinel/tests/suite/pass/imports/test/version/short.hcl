param "pick" {
  value = "short"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

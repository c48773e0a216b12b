param "pick" {
  value = "for-empty"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

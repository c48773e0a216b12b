param "pick" {
  value = "for-break"
}

test {
  rules = {
    kind  = "int"
    found = 5
  }
}

param "pick" {
  value = "for-continue"
}

test {
  rules = {
    kind  = "int"
    found = 25
  }
}

param "pick" {
  value = "for-list"
}

test {
  rules = {
    kind  = "int"
    found = 6
  }
}

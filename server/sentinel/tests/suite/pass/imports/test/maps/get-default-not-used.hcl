param "pick" {
  value = "get-default-not-used"
}

test {
  rules = {
    kind  = "int"
    found = 1
  }
}

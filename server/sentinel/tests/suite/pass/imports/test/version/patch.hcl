param "pick" {
  value = "patch"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

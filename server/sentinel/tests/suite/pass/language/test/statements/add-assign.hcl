param "pick" {
  value = "add-assign"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

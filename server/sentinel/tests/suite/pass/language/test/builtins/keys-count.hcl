param "pick" {
  value = "keys-count"
}

test {
  rules = {
    kind  = "int"
    found = 3
  }
}

param "pick" {
  value = "null-and-zero"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

param "pick" {
  value = "null-and-false"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

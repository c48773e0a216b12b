param "pick" {
  value = "bool-of-zero-float"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

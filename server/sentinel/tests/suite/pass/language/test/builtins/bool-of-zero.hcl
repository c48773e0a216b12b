param "pick" {
  value = "bool-of-zero"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

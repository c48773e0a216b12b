param "pick" {
  value = "bool-of-negative"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

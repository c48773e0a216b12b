param "pick" {
  value = "bool-of-letter"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

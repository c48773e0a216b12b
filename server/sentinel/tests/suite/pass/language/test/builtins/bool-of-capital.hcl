param "pick" {
  value = "bool-of-capital"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

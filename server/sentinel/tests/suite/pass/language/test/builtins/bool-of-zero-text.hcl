param "pick" {
  value = "bool-of-zero-text"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

param "pick" {
  value = "ascii-word-only"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

param "pick" {
  value = "bool-of-word"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

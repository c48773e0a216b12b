param "pick" {
  value = "bool-of-bool"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

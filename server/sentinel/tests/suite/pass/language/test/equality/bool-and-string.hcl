param "pick" {
  value = "bool-and-string"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

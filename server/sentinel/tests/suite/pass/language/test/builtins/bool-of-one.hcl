param "pick" {
  value = "bool-of-one"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

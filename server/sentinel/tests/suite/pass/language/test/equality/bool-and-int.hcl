param "pick" {
  value = "bool-and-int"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

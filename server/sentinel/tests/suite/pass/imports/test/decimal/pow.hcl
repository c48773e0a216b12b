param "pick" {
  value = "pow"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

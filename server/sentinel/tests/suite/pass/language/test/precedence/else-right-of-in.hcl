param "pick" {
  value = "else-right-of-in"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

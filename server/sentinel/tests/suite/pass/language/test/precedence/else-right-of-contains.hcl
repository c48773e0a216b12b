param "pick" {
  value = "else-right-of-contains"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

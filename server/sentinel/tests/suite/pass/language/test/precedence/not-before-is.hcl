param "pick" {
  value = "not-before-is"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

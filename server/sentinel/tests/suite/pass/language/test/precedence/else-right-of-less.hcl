param "pick" {
  value = "else-right-of-less"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

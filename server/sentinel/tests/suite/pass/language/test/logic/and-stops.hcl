param "pick" {
  value = "and-stops"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

param "pick" {
  value = "or-stops"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

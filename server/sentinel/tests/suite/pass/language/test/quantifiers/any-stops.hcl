param "pick" {
  value = "any-stops"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

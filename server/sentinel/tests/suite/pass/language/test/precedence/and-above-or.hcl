param "pick" {
  value = "and-above-or"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "and-above-or-right"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "else-above-comparison-true"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "comparison-above-or"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

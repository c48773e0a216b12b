param "pick" {
  value = "chained-comparison-is-left"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

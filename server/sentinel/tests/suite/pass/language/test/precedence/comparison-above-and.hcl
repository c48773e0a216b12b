param "pick" {
  value = "comparison-above-and"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "else-above-comparison"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

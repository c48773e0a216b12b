param "pick" {
  value = "else-above-not-in"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

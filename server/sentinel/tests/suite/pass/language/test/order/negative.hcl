param "pick" {
  value = "negative"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

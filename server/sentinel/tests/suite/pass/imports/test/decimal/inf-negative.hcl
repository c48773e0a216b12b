param "pick" {
  value = "inf-negative"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

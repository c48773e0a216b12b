param "pick" {
  value = "exact-sum"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

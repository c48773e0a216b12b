param "pick" {
  value = "in-below-sum"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

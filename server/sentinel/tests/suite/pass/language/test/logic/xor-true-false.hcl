param "pick" {
  value = "xor-true-false"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

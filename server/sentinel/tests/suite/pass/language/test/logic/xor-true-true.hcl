param "pick" {
  value = "xor-true-true"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

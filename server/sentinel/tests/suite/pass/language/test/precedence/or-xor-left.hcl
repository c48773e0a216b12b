param "pick" {
  value = "or-xor-left"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

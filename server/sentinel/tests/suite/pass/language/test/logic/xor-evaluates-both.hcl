param "pick" {
  value = "xor-evaluates-both"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

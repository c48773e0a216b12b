param "pick" {
  value = "and-above-xor"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

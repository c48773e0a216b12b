param "pick" {
  value = "greater-than-or-equals"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

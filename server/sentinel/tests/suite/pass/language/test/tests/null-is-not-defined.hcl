param "pick" {
  value = "null-is-not-defined"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

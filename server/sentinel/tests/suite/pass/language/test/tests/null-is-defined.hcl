param "pick" {
  value = "null-is-defined"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "missing-key-is-defined"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

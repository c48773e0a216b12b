param "pick" {
  value = "deep-missing-is-defined"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

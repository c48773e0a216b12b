param "pick" {
  value = "deep-is-defined"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

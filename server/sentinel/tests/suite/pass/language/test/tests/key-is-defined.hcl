param "pick" {
  value = "key-is-defined"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

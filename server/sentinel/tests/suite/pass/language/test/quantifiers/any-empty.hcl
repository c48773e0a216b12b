param "pick" {
  value = "any-empty"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

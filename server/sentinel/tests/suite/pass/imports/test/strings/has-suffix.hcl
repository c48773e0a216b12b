param "pick" {
  value = "has-suffix"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

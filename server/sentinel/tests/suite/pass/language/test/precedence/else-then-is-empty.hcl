param "pick" {
  value = "else-then-is-empty"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

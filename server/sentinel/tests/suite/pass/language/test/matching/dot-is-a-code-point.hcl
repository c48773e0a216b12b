param "pick" {
  value = "dot-is-a-code-point"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "print-is-true"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

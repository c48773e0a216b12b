param "pick" {
  value = "bang-false"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "bang-before-is"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

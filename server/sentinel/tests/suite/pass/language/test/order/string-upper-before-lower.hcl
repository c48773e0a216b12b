param "pick" {
  value = "string-upper-before-lower"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

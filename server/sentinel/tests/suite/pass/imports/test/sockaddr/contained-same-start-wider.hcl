param "pick" {
  value = "contained-same-start-wider"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

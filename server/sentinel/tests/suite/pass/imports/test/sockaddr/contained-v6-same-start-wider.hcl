param "pick" {
  value = "contained-v6-same-start-wider"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

param "pick" {
  value = "null"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

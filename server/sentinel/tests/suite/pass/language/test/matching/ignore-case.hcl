param "pick" {
  value = "ignore-case"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

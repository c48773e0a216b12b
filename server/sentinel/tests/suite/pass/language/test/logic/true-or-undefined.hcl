param "pick" {
  value = "true-or-undefined"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

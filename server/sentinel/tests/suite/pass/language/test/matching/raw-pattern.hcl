param "pick" {
  value = "raw-pattern"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "not-contains"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "not-contains-false"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

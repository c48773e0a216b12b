param "pick" {
  value = "not-not"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

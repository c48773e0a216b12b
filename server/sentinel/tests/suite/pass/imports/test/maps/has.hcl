param "pick" {
  value = "has"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

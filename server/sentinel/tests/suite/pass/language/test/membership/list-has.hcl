param "pick" {
  value = "list-has"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

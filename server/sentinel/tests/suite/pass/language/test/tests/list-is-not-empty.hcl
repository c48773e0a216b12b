param "pick" {
  value = "list-is-not-empty"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "list-has-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

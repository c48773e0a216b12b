param "pick" {
  value = "case-does-not-fall-through"
}

test {
  rules = {
    kind  = "list"
    found = [1]
  }
}

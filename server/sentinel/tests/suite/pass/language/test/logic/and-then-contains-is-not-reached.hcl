param "pick" {
  value = "and-then-contains-is-not-reached"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

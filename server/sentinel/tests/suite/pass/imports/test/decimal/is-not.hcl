param "pick" {
  value = "is-not"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

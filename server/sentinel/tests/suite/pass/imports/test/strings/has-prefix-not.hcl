param "pick" {
  value = "has-prefix-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

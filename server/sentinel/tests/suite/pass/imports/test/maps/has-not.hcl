param "pick" {
  value = "has-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

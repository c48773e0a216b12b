param "pick" {
  value = "has-suffix-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

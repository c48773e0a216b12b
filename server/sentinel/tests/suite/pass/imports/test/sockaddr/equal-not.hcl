param "pick" {
  value = "equal-not"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

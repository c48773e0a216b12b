param "pick" {
  value = "equal"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "has-prefix"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

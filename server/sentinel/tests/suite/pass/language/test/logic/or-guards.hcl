param "pick" {
  value = "or-guards"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

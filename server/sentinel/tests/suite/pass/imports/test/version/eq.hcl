param "pick" {
  value = "eq"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

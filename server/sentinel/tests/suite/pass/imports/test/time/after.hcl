param "pick" {
  value = "after"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "all-empty"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "has-index"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

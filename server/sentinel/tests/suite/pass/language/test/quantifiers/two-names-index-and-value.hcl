param "pick" {
  value = "two-names-index-and-value"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

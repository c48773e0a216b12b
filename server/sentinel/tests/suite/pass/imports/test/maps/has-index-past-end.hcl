param "pick" {
  value = "has-index-past-end"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

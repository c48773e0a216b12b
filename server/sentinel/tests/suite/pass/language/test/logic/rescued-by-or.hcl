param "pick" {
  value = "rescued-by-or"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

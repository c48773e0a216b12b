param "pick" {
  value = "from-decimal"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

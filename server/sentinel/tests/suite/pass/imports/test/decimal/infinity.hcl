param "pick" {
  value = "infinity"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "anchored-end"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

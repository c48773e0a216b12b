param "pick" {
  value = "bool"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

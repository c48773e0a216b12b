param "pick" {
  value = "subtract"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

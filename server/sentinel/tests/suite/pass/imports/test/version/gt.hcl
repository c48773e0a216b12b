param "pick" {
  value = "gt"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

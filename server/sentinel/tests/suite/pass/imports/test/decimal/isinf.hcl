param "pick" {
  value = "isinf"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

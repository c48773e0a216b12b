param "pick" {
  value = "multiply"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

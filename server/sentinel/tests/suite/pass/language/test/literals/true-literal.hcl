param "pick" {
  value = "true-literal"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "null-literal"
}

test {
  rules = {
    kind  = "null"
    found = null
  }
}

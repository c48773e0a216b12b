param "pick" {
  value = "string-greater"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

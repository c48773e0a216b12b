param "pick" {
  value = "of-comparison"
}

test {
  rules = {
    kind  = "string"
    found = "bool"
  }
}

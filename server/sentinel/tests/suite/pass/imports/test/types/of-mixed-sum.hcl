param "pick" {
  value = "of-mixed-sum"
}

test {
  rules = {
    kind  = "string"
    found = "float"
  }
}

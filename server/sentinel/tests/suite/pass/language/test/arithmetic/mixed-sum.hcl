param "pick" {
  value = "mixed-sum"
}

test {
  rules = {
    kind  = "float"
    found = 2.5
  }
}

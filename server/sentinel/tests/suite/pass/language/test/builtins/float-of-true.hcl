param "pick" {
  value = "float-of-true"
}

test {
  rules = {
    kind  = "float"
    found = 1.0
  }
}

param "pick" {
  value = "float-no-fraction"
}

test {
  rules = {
    kind  = "float"
    found = 1.0
  }
}

param "pick" {
  value = "sum-empty"
}

test {
  rules = {
    kind  = "float"
    found = 0.0
  }
}

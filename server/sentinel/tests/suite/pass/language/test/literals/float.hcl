param "pick" {
  value = "float"
}

test {
  rules = {
    kind  = "float"
    found = 1.5
  }
}

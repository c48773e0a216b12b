param "pick" {
  value = "float"
}

test {
  rules = {
    kind  = "float"
    found = 0.5
  }
}

param "pick" {
  value = "float-of-string"
}

test {
  rules = {
    kind  = "float"
    found = 4.2
  }
}

param "pick" {
  value = "float-of-int"
}

test {
  rules = {
    kind  = "float"
    found = 4.0
  }
}

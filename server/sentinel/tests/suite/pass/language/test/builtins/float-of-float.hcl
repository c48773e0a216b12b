param "pick" {
  value = "float-of-float"
}

test {
  rules = {
    kind  = "float"
    found = 4.5
  }
}

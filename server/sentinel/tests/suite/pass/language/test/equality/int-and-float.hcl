param "pick" {
  value = "int-and-float"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

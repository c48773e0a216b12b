param "pick" {
  value = "from-float"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

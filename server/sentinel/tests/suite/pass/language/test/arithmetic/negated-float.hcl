param "pick" {
  value = "negated-float"
}

test {
  rules = {
    kind  = "float"
    found = -1.5
  }
}

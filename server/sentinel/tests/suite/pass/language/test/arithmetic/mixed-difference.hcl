param "pick" {
  value = "mixed-difference"
}

test {
  rules = {
    kind  = "float"
    found = 0.5
  }
}

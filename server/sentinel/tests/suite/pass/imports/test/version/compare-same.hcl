param "pick" {
  value = "compare-same"
}

test {
  rules = {
    kind  = "int"
    found = 0
  }
}

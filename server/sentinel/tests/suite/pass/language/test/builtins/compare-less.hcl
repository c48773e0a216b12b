param "pick" {
  value = "compare-less"
}

test {
  rules = {
    kind  = "int"
    found = -1
  }
}

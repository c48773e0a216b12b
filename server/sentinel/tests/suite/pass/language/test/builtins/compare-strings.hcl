param "pick" {
  value = "compare-strings"
}

test {
  rules = {
    kind  = "int"
    found = -1
  }
}

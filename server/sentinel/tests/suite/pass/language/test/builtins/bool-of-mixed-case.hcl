param "pick" {
  value = "bool-of-mixed-case"
}

test {
  rules = {
    kind  = "undefined"
    found = "undefined"
  }
}

param "pick" {
  value = "list-mixed-numbers"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

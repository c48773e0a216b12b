param "pick" {
  value = "selector-before-not"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

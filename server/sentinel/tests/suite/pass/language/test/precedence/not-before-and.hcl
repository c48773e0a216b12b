param "pick" {
  value = "not-before-and"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "before"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "mod"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

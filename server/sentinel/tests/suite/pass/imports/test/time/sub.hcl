param "pick" {
  value = "sub"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "lt"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

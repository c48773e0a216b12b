param "pick" {
  value = "ln"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "list-equal"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

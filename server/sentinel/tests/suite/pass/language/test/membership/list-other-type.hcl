param "pick" {
  value = "list-other-type"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

param "pick" {
  value = "list-null"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "list-float-finds-int"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

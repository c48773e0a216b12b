param "pick" {
  value = "float-and-int"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}

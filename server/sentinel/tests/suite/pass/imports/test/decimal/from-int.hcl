param "pick" {
  value = "from-int"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

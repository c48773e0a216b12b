param "pick" {
  value = "index-of-call"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}

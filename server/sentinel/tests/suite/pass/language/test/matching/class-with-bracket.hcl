param "pick" {
  value = "class-with-bracket"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

param "pick" {
  value = "literal-quote"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

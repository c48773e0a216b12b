param "pick" {
  value = "closure-in-a-quantifier"
}

test {
  rules = {
    kind  = "list"
    found = [1, 2]
  }
}

param "pick" {
  value = "any-undefined-then-true"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

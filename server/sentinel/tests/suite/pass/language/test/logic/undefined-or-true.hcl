param "pick" {
  value = "undefined-or-true"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

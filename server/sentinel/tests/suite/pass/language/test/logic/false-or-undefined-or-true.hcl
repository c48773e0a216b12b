param "pick" {
  value = "false-or-undefined-or-true"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

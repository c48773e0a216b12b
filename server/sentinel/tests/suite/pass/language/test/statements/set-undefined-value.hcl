param "pick" {
  value = "set-undefined-value"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

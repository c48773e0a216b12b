param "pick" {
  value = "nan-is-not-is-true"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}

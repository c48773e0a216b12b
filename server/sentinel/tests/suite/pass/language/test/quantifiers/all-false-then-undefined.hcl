param "pick" {
  value = "all-false-then-undefined"
}

test {
  rules = {
    kind  = "bool"
    found = false
  }
}
